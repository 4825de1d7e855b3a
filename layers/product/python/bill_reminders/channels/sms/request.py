"""The request that SNS takes for an SMS."""

from typing import Any

from bill_reminders.channels.sms.sender_ids import LEFT_TO_AWS, SenderIdentity
from bill_reminders.channels.sms.sms_type import SMS_TYPE
from bill_reminders.domain.countries import SenderId, rules_for


def sms_request(
    number: str, body: str, *, identity: SenderIdentity = LEFT_TO_AWS, wording: str = ""
) -> dict[str, Any]:
    """For SNS Publish. `wording` is the number of the registered wording, where there is one.

    Where its id has to travel, a sender ID goes only along with it: without, operators drop the
    message, while AWS has a way that needs neither.
    """
    rules = rules_for(number)
    template = identity.templates.get(wording, "") if rules.template_ids else ""
    registered = bool(template and identity.entity_id)
    names_sender = rules.sender_id is not SenderId.NONE and not identity.number
    values = {
        "AWS.SNS.SMS.SMSType": SMS_TYPE,
        "AWS.MM.SMS.OriginationNumber": identity.number,
        "AWS.SNS.SMS.SenderID": (
            identity.sender_id if names_sender and (registered or not rules.template_ids) else ""
        ),
        "AWS.MM.SMS.EntityId": identity.entity_id if registered else "",
        "AWS.MM.SMS.TemplateId": template if registered else "",
    }
    return {
        "PhoneNumber": number,
        "Message": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in values.items()
            if value
        },
    }
