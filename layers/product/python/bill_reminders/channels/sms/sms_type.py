"""As what SNS sends all our SMS. Its delivery log says of each message as what it went."""

SMS_TYPE = "Transactional"
