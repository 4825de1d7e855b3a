"""What `FailureType` and `FailureMessage` say in an event of a platform application."""

from bill_reminders.channels.verdicts import (
    ACCOUNT,
    ADDRESS,
    ANY,
    MESSAGE,
    Verdicts,
    rows,
)

VERDICTS = Verdicts(
    # Events of platform applications. AWS lists no failure types; these were seen in deployments
    # (re:Post "list of available FailureTypes"), or are the push services' own:
    # https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
    # https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
    *rows(
        ANY,
        ACCOUNT,
        "credentials",
        "platform credentials",
        "PlatformCredentialsExpired",
        "PlatformCredentialsInvalid",
        "PlatformApplicationDisabled",
        "platform application is disabled",
        "InvalidCredentials",
        "InvalidProviderToken",
        "ExpiredProviderToken",
        "MissingProviderToken",
        "BadCertificate",
        "BadCertificateEnvironment",
        "THIRD_PARTY_AUTH_ERROR",
        "AuthenticationError",
    ),
    *rows(
        ANY,
        ADDRESS,
        "device_is_gone",
        "InvalidPlatformToken",
        "PlatformTokenExpired",
        "platform token associated with the endpoint is not valid",
        "EndpointDisabled",
        "endpoint is disabled",
        "EndpointNotFound",
        "endpoint was not found",
        "Unregistered",
        "NotRegistered",
        "BadDeviceToken",
        "ExpiredToken",
        "DeviceTokenNotForTopic",
        "InvalidRegistration",
    ),
    *rows(
        ANY,
        MESSAGE,
        "invalid",
        "InvalidNotification",
        "notification body is invalid",
        "PayloadTooLarge",
        "MessageTooBig",
    ),
)
