"""What counts as one mailbox and one domain where requests are limited.

For the keys of limits alone: an address that is written to, or kept, is never changed by this.
"""

SAME_DOMAIN = {"googlemail.com": "gmail.com"}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIG_PROVIDERS = _names(
    "126.com 139.com 163.com 189.cn aliyun.com aol.com bigpond.com btinternet.com comcast.net "
    "fastmail.com foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "hey.com hinet.net hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it "
    "icloud.com laposte.net libero.it live.cn live.co.uk live.com live.fr mac.com mail.com mail.ru "
    "me.com msn.com naver.com netvigator.com orange.fr outlook.com outlook.de outlook.fr "
    "proton.me protonmail.com qq.com rediffmail.com sfr.fr sina.cn sina.com sky.com sohu.com "
    "t-online.de tom.com tutanota.com virginmedia.com web.de yahoo.ca yahoo.co.id yahoo.co.in "
    "yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.com.hk yahoo.com.sg "
    "yahoo.com.tw yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru yeah.net ymail.com"
)
"""Where so many people have a mailbox that what one does says nothing of the others: a limit for
all of them together would let one stranger shut everybody out."""

LONGEST_SHARED_LABEL = 3
"""Of the second-level names that countries share out, as co in co.uk and com in com.au."""


def mailbox_key(address: str) -> str:
    """The same for addresses that may reach one mailbox: without tags after a plus and dots before
    the @, in small letters, and one domain for Gmail's two."""
    name, _, domain = address.rpartition("@")
    bare = name.casefold()
    without_tag = bare.partition("+")[0].replace(".", "")
    return f"{without_tag or bare}@{_known_as(domain)}"


def domain_key(address: str) -> str | None:
    """The domain that an address is counted for, with all below it, which its owner can make as
    many of as they like; None for those of big providers."""
    domain = _known_as(address.rpartition("@")[2])
    if domain in BIG_PROVIDERS:
        return None
    return ".".join(domain.split(".")[-_own_labels(domain) :])


def _known_as(domain: str) -> str:
    plain = domain.casefold().rstrip(".")
    return SAME_DOMAIN.get(plain, plain)


def _own_labels(domain: str) -> int:
    """How many labels, from the right, make the part that one owner registers."""
    labels = domain.split(".")
    if len(labels) < 3 or len(labels[-1]) != 2:
        return 2
    return 3 if len(labels[-2]) <= LONGEST_SHARED_LABEL else 2
