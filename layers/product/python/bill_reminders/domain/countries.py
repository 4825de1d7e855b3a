"""What each country lets an SMS hold, by calling code: one row a country, each with its source.

Calling codes (E.164) are prefix-free, so the leading digits of a number name its country without a
phone library; only +1 and +7 hold several countries, told apart by the digits that follow.

A row says no wherever the sources leave it open, and its comment says what was not verified. Two
sources stand for themselves in the comments: "AWS" is the country table of AWS End User Messaging
(`AWS` below), "marketing only" means that the country's hours and consents for advertising leave a
bill's reminder out, as the EU's directive does (`DIRECTIVE`).
"""

from collections.abc import Mapping
from datetime import time
from enum import Enum, auto
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from bill_reminders.domain.local_time import QuietHours

AWS = "https://docs.aws.amazon.com/sms-voice/latest/userguide/phone-numbers-sms-by-country.html"
DIRECTIVE = "Directive 2002/58/EC art. 13, https://eur-lex.europa.eu/eli/dir/2002/58/oj"


class SenderId(Enum):
    """Whether a name may stand in place of a number as an SMS's sender."""

    NONE = auto()
    ALLOWED = auto()
    REGISTERED = auto()
    """With AWS and, mostly, a registry of the country, before the first SMS."""


class SmsRules(NamedTuple):
    """What may stand in an SMS to one country.

    `templates`: only wordings that were registered one by one may go out, so no link, no code word
    and no remark; `template_ids`: the number that a wording was registered under travels with it.
    `two_way` says that numbers which take replies exist there. `quiet` is wall time at the
    recipient's: hours in which the law lets no reminder of a debt arrive. Such laws mean what is
    overdue; one span for every SMS is what can be promised. `alphabet` is the codec that all
    characters have to be in, or "". `signature` is how {sender} has to stand before {text}, or ""
    for how the language writes it. With `monthly_stop` carriers want to read how to stop at least
    once a month, not only in the first message.
    """

    country: str
    source: str
    links: bool = False
    sender_id: SenderId = SenderId.NONE
    templates: bool = False
    template_ids: bool = False
    two_way: bool = False
    quiet: QuietHours | None = None
    alphabet: str = ""
    signature: str = ""
    monthly_stop: bool = False


def _quiet(start: int, end: int) -> QuietHours:
    return QuietHours(time(start), time(end))


ELSEWHERE = SmsRules(
    country="",
    source=AWS,
    sender_id=SenderId.REGISTERED,
    quiet=_quiet(21, 8),
)
"""For a country without a row: nothing that any country is known to forbid."""

_ROWS = (
    # Free text with links -----------------------------------------------------------------------
    # No rule against a link of the sender's own domain was found in these; all of them filter
    # public link shorteners.
    # Quiet: the Telephone Consumer Protection Act means telephone solicitations; a debt collector,
    # not a creditor, may not write from 21:00 to 8:00 (Regulation F), and a deployer may be one.
    # Monthly: carriers' guidance for recurring messages, of which only resellers' words were found.
    SmsRules(
        country="US",
        source=f"{AWS}; 47 CFR 64.1200(c)(1); 12 CFR 1006.6(b)(1), "
        "https://www.consumerfinance.gov/rules-policy/regulations/1006/6/",
        links=True,
        two_way=True,
        quiet=_quiet(21, 8),
        monthly_stop=True,
    ),
    # Hours of collectors are the provinces' own and were not verified: as in the US.
    SmsRules(
        country="CA",
        source=f"{AWS}; https://docs.aws.amazon.com/end-user-messaging/latest/userguide/"
        "nx-supported-countries-north-america.md",
        links=True,
        two_way=True,
        quiet=_quiet(21, 8),
        monthly_stop=True,
    ),
    # Quiet: PECR reg. 22 is marketing only.
    SmsRules(
        country="GB",
        source=f"{AWS}; https://www.legislation.gov.uk/uksi/2003/2426/regulation/22",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    # Sender IDs that ComReg's registry does not know are marked "Likely Scam", then blocked.
    SmsRules(
        country="IE",
        source=f"{AWS}; https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        f"registrations-ireland.html; {DIRECTIVE}",
        links=True,
        sender_id=SenderId.REGISTERED,
        two_way=True,
    ),
    # Hours (8:00 to 22:00, no Sundays) are marketing only.
    SmsRules(
        country="FR",
        source=f"{AWS}; {DIRECTIVE}",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    SmsRules(
        country="DE",
        source=f"{AWS}; {DIRECTIVE}; https://www.cm.com/blog/"
        "sending-international-sms-country-specific-rules-regulations-and-habits/",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    # Since 7 June 2026 a sender ID that the CNMC's registry does not know is blocked.
    SmsRules(
        country="ES",
        source=f"{AWS}; {DIRECTIVE}; Circular 1/2026 of the CNMC, https://www.linkmobility.com/"
        "news/spain-introduces-mandatory-registration-for-sms-and-rcs-sender-ids",
        links=True,
        sender_id=SenderId.REGISTERED,
        two_way=True,
    ),
    # AGCOM keeps a registry of aliases; whether AWS asks for it was not verified: registered.
    SmsRules(
        country="IT",
        source=f"{AWS}; {DIRECTIVE}",
        links=True,
        sender_id=SenderId.REGISTERED,
        two_way=True,
    ),
    SmsRules(
        country="NL",
        source=f"{AWS}; {DIRECTIVE}; https://www.cm.com/blog/"
        "sending-international-sms-country-specific-rules-regulations-and-habits/",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    # Quiet: the Unfair Competition Act art. 3(1)(o) is marketing only.
    SmsRules(
        country="CH",
        source=f"{AWS}; https://www.fedlex.admin.ch/eli/cc/1988/223_223_223/en#art_3",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    SmsRules(
        country="SE",
        source=f"{AWS}; {DIRECTIVE}",
        links=True,
        sender_id=SenderId.ALLOWED,
        two_way=True,
    ),
    # Since 1 July 2026 a sender ID that ACMA's register does not know shows as "Unverified". The
    # Spam Act is marketing only; hours of collectors were not verified: the strict ones.
    SmsRules(
        country="AU",
        source=f"{AWS}; https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "registrations-australia.html; https://help.genesys.cloud/articles/"
        "required-regulatory-documentation-for-alphanumerics-id-purchase/",
        links=True,
        sender_id=SenderId.REGISTERED,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Short codes alone. Quiet hours were not verified: the strict ones.
    SmsRules(
        country="NZ",
        source="https://docs.aws.amazon.com/end-user-messaging/latest/userguide/"
        "nx-supported-countries-oceania.md",
        links=True,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Operators overwrite sender IDs and ask for working links of an own domain. Quiet hours of
    # collectors were not verified: the strict ones.
    SmsRules(
        country="BR",
        source="https://docs.aws.amazon.com/end-user-messaging/latest/userguide/"
        "nx-supported-countries-south-america.md; https://suresms.com/en/resources/"
        "country-specific-rules-and-restrictions/brazil/",
        links=True,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Free text without links --------------------------------------------------------------------
    # A sender ID with "#" is for registered senders; others are allowed without it. That links of
    # anybody but banks are welcome was not verified, nor were quiet hours: the strict values.
    SmsRules(
        country="HK",
        source=f"{AWS}; OFCA, https://www.lightreading.com/regulatory-politics/"
        "hk-fights-sms-scams-with-sender-registration-scheme",
        sender_id=SenderId.ALLOWED,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Nothing but AWS's row was found: the strict values.
    SmsRules(country="MO", source=AWS, sender_id=SenderId.ALLOWED, quiet=_quiet(21, 8)),
    # Links only where the operators' list holds sender and link. Marketing hours are not for
    # service messages; those of collection were not verified: the strict ones.
    SmsRules(
        country="TW",
        source=f"{AWS}; Fraud Hazard Prevention Act, https://www.taipeitimes.com/News/taiwan/"
        "archives/2024/11/14/2003826886; https://sent.dm/resources/tw_sms_guidance",
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Sender IDs are registered with SGNIC, or shown as "Likely-SCAM". Banks send retail customers
    # no links; a deployer may be one. Quiet hours were not verified: the strict ones.
    SmsRules(
        country="SG",
        source=f"{AWS}; https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "registrations-sg.html; MAS and ABS of 19 January 2022, https://sg.news.yahoo.com/"
        "banks-singapore-remove-clickable-links-emails-sms-mas-131731273.html",
        sender_id=SenderId.REGISTERED,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # No links, call-back numbers or questions about the person, from anybody, since September
    # 2024. Quiet hours were not verified: the strict ones.
    SmsRules(
        country="MY",
        source=f"{AWS}; MCMC, https://thestar.com.my/tech/tech-news/2024/09/02/"
        "mcmc-bans-sms-with-hyperlinks-callback-numbers-and-personal-info-requests-from-sept-1",
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Operators filter links on many routes. Quiet: collection by telephone or fax, Money Lending
    # Business Act art. 21; that an SMS is none was not verified.
    SmsRules(
        country="JP",
        source=f"{AWS}; https://www.telerivet.com/blog/japan-sms-compliance-mic-anti-spam; "
        "https://elaws.e-gov.go.jp/document?lawid=358AC1000000032",
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Numbers alone, characters of EUC-KR alone, and a second segment arrives as an SMS of its own.
    # Links were not verified: none. Quiet: Fair Debt Collection Practices Act art. 9; hours for
    # advertising are the same.
    SmsRules(
        country="KR",
        source=f"{AWS}; https://s.dm/resources/kr_sms_guidance; "
        "https://elaw.klri.re.kr/eng_mobile/viewer.do?hseq=32731&type=sogan&key=9",
        two_way=True,
        quiet=_quiet(21, 8),
        alphabet="euc_kr",
    ),
    # AWS asks for a registered sender ID. Operators want the format of messages, of which no list
    # was found, so not word by word; links were not verified: none. Quiet: POJK 22/2023 art. 62.
    SmsRules(
        country="ID",
        source=f"{AWS}; https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "registrations-indonesia.html; https://world-today-news.com/new-regulations-on-credit-"
        "collection-times-and-procedures-ojk-regulation-pojk-number-22-of-2023",
        sender_id=SenderId.REGISTERED,
        two_way=True,
        quiet=_quiet(20, 8),
    ),
    # Links only where the operators' list holds sender and link. Quiet: Debt Collection Act
    # B.E. 2558, Monday to Friday 8:00 to 20:00, else to 18:00; the shorter day for every day.
    SmsRules(
        country="TH",
        source=f"{AWS}; https://help.clicksend.com/article/h2ppch2e38-thailand; "
        "https://thairesidents.com/local/new-regulation-debt-collection/",
        sender_id=SenderId.REGISTERED,
        two_way=True,
        quiet=_quiet(18, 8),
    ),
    # An operator blocks links between persons, and the central bank ordered lenders to send none.
    # Quiet: SEC Memorandum Circular 18 of 2019 (6:00 to 22:00), of which no text was found: the
    # strict hours.
    SmsRules(
        country="PH",
        source=f"{AWS}; https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "registrations-philippines.html; https://news.abs-cbn.com/business/09/30/22/"
        "globe-blocks-sms-with-clickable-links-to-beat-scammers",
        sender_id=SenderId.REGISTERED,
        two_way=True,
        quiet=_quiet(21, 8),
    ),
    # Links were not verified: none. Transactional content is not held to daytime.
    SmsRules(
        country="MX",
        source=f"{AWS}; https://help.clicksend.com/article/rh9t2pjdja-mexico",
        two_way=True,
    ),
    # Links and hours of collectors were not verified: the strict values.
    SmsRules(country="ZA", source=AWS, two_way=True, quiet=_quiet(21, 8)),
    # Whether sender IDs want a registration, links and hours were not verified: the strict values.
    SmsRules(country="NG", source=AWS, sender_id=SenderId.REGISTERED, quiet=_quiet(20, 8)),
    # Links were not verified: none. The hours (7:00 to 21:00) are marketing only; that collection
    # has none was not verified: the strict ones.
    SmsRules(
        country="AE",
        source=f"{AWS}; https://messagecentral.com/en-in/blog/how-to-send-sms-to-the-uae",
        sender_id=SenderId.REGISTERED,
        quiet=_quiet(21, 8),
    ),
    # Links only of hosts on the operators' list. Service messages have no hours.
    SmsRules(
        country="SA",
        source=f"{AWS}; https://docs.unifonic.com/docs/compliance-sms; https://docs.reson8.ae/"
        "documents/sms/reference/whitelisting-of-urls-for-compliance-with-ksa-regulations/",
        sender_id=SenderId.REGISTERED,
    ),
    # Registered wordings alone -------------------------------------------------------------------
    # Registered word by word through AWS Support, with a signature in 【】 in front and without
    # links. AWS sends no id with them: networks compare the words. Quiet: rules for collection
    # from 22:00 to 8:00, of which no official text was found: the strict hours.
    SmsRules(
        country="CN",
        source="https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "phone-numbers-sms-template-registration.html; https://www.infobip.com/docs/essentials/"
        "asia-registration/china-sms-registration-and-template-guidelines",
        templates=True,
        two_way=True,
        quiet=_quiet(21, 8),
        signature="【{sender}】{text}",
    ),
    # Entity, sender ID and each wording are registered on a DLT platform; a link would have to be
    # listed there as well. Hours are marketing only: service messages go at any time. The Reserve
    # Bank's hours for recovery (8:00 to 19:00) mean calls.
    SmsRules(
        country="IN",
        source="https://docs.aws.amazon.com/sms-voice/latest/userguide/"
        "registrations-sms-senderid-india.html; TCCCPR 2018, https://www.smscountry.com/blog/"
        "sms-regulations-india/",
        sender_id=SenderId.REGISTERED,
        templates=True,
        template_ids=True,
        two_way=True,
    ),
    # Brand name and content are registered with the operators. Quiet: Circular 18/2019/TT-NHNN.
    SmsRules(
        country="VN",
        source=f"{AWS}; https://help.clicksend.com/article/8g95iexm1x-vietnam; "
        "https://thuvienphapluat.vn/news/headlines/26184/"
        "finance-companies-are-allowed-to-send-clients-payment-reminders-5-times-day-at-maximum",
        sender_id=SenderId.REGISTERED,
        templates=True,
        quiet=_quiet(21, 7),
    ),
)

RULES: Mapping[str, SmsRules] = MappingProxyType({row.country: row for row in _ROWS})
"""The rows by ISO country."""


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


def _areas(country: str, areas: str) -> dict[str, str]:
    return {f"1{area}": country for area in areas.split()}


COUNTRIES: Mapping[str, str] = MappingProxyType(
    # the Caribbean and Canada within +1, Kazakhstan within +7
    _areas("BS", "242") | _areas("BB", "246") | _areas("AI", "264") | _areas("AG", "268")
    | _areas("VG", "284") | _areas("KY", "345") | _areas("BM", "441") | _areas("GD", "473")
    | _areas("TC", "649") | _areas("JM", "658 876") | _areas("MS", "664") | _areas("SX", "721")
    | _areas("LC", "758") | _areas("DM", "767") | _areas("VC", "784") | _areas("TT", "868")
    | _areas("DO", "809 829 849") | _areas("KN", "869")
    | _areas(
        "CA",
        "204 226 236 249 250 257 263 273 289 306 343 354 365 367 368 382 403 416 418 428 431 437 "
        "438 450 468 474 506 514 519 548 579 581 584 587 600 604 613 622 633 639 647 672 683 705 "
        "709 742 753 778 780 782 807 819 825 867 873 879 902 905 942",
    )
    | _pairs(
        "76:KZ 77:KZ "
        "1:US 20:EG 211:SS 212:MA 213:DZ 216:TN 218:LY 220:GM 221:SN 222:MR 223:ML 224:GN 225:CI "
        "226:BF 227:NE 228:TG 229:BJ 230:MU 231:LR 232:SL 233:GH 234:NG 235:TD 236:CF 237:CM "
        "238:CV 239:ST 240:GQ 241:GA 242:CG 243:CD 244:AO 245:GW 246:IO 247:AC 248:SC 249:SD "
        "250:RW 251:ET 252:SO 253:DJ 254:KE 255:TZ 256:UG 257:BI 258:MZ 260:ZM 261:MG 262:RE "
        "263:ZW 264:NA 265:MW 266:LS 267:BW 268:SZ 269:KM 27:ZA 290:SH 291:ER 297:AW 298:FO "
        "299:GL 30:GR 31:NL 32:BE 33:FR 34:ES 350:GI 351:PT 352:LU 353:IE 354:IS 355:AL 356:MT "
        "357:CY 358:FI 359:BG 36:HU 370:LT 371:LV 372:EE 373:MD 374:AM 375:BY 376:AD 377:MC 378:SM "
        "380:UA 381:RS 382:ME 383:XK 385:HR 386:SI 387:BA 389:MK 39:IT 40:RO 41:CH 420:CZ 421:SK "
        "423:LI 43:AT 44:GB 45:DK 46:SE 47:NO 48:PL 49:DE 500:FK 501:BZ 502:GT 503:SV 504:HN "
        "505:NI 506:CR 507:PA 508:PM 509:HT 51:PE 52:MX 53:CU 54:AR 55:BR 56:CL 57:CO 58:VE 590:GP "
        "591:BO 592:GY 593:EC 594:GF 595:PY 596:MQ 597:SR 598:UY 599:CW 60:MY 61:AU 62:ID 63:PH "
        "64:NZ 65:SG 66:TH 670:TL 672:NF 673:BN 674:NR 675:PG 676:TO 677:SB 678:VU 679:FJ 680:PW "
        "681:WF 682:CK 683:NU 685:WS 686:KI 687:NC 688:TV 689:PF 690:TK 691:FM 692:MH 7:RU 81:JP "
        "82:KR 84:VN 850:KP 852:HK 853:MO 855:KH 856:LA 86:CN 880:BD 886:TW 90:TR 91:IN 92:PK "
        "93:AF 94:LK 95:MM 960:MV 961:LB 962:JO 963:SY 964:IQ 965:KW 966:SA 967:YE 968:OM 970:PS "
        "971:AE 972:IL 973:BH 974:QA 975:BT 976:MN 977:NP 98:IR 992:TJ 993:TM 994:AZ 995:GE 996:KG "
        "998:UZ"
    )
)  # fmt: skip
"""The ISO country by leading digits. One name stands for countries that share a calling code and a
law (44 is also Jersey, 39 the Vatican), US for its territories."""

_LONGEST = max(map(len, COUNTRIES))


def country_of(number: str) -> str:
    """The ISO country of an E.164 `number`, or "" where it cannot be told."""
    digits = number.removeprefix("+")
    starts = (digits[:length] for length in range(_LONGEST, 0, -1))
    return next((COUNTRIES[start] for start in starts if start in COUNTRIES), "")


_SHARED = frozenset({"AU", "CW", "FI", "GB", "GP", "IT", "MA", "NO", "RE", "RU", "SH", "US"})
"""Countries whose calling code others share, as Jersey does that of the United Kingdom."""


@lru_cache(4096)
def country_of_phone(number: str) -> str:
    """The ISO country of an E.164 `number`, told apart from others of its calling code. For one of
    no range that is in use, as those kept for fiction are, the largest of them; "" where there is
    none."""
    country = country_of(number)
    if country not in _SHARED:
        return country
    import phonenumbers  # noqa: PLC0415 (sixty modules, which few numbers need)

    return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or country


@lru_cache(4096)
def rules_for(number: str) -> SmsRules:
    """What an SMS to an E.164 `number` may hold: its country's row, or the strict default."""
    country = country_of(number)
    return RULES.get(country) or ELSEWHERE._replace(country=country)
