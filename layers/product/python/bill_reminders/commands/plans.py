"""When and where to remind, and all else that users set for themselves."""

from collections.abc import Callable
from dataclasses import replace

from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.overrides import with_bill_overrides, with_user_overrides
from bill_reminders.domain.people import Plan, PlanChange, User


def change_settings(account: Account, settings: Callable[[User], User]) -> Account:
    """Change settings, as the user's own choice: zone, language, plans, quiet hours, pause."""
    return account.with_user(with_user_overrides(account.user, settings(account.user)))


def change_plans(
    account: Account, bill_id: str, plans: Callable[[User, Bill], tuple[Plan, PlanChange]]
) -> Account:
    """Change the user's own plan and what one bill changes in it, together, as the user's own
    choice. Raises NoSuchBill."""
    known = account.need_bill(bill_id)
    plan, own = plans(account.user, known)
    after = account.with_user(with_user_overrides(account.user, replace(account.user, plan=plan)))
    return after.with_bill(with_bill_overrides(known, replace(known, plan_change=own)))
