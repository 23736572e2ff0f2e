"""The words that the made-up clinic uses, and what each of them is in config.yaml."""

from dataclasses import dataclass
from datetime import date, datetime, time

NOW = datetime.combine(date(2025, 7, 1), time(9))
"""The morning on which the chart program exported; nothing in the files is later but what is booked."""

SINCE = date(2023, 1, 2)
BRANCHES = {"gangnam": "강남점", "haeundae": "해운대점"}


@dataclass(frozen=True)
class Treatment:
    """What is sold: the chart's word, the family it counts for; a course has sessions so many days apart."""

    word: str
    family: str
    price: int
    sessions: int = 0
    apart: int = 0
    covered: bool = False


TREATMENTS = (
    Treatment("보톡스 기본", "botox", 90_000),
    Treatment("사각턱보톡스", "botox", 120_000),
    Treatment("스킨보톡스", "botox", 200_000),
    Treatment("필러", "filler", 350_000),
    Treatment("슈링크", "lifting", 490_000),
    Treatment("울쎄라", "lifting", 1_350_000),
    Treatment("레이저토닝", "pigment_laser", 110_000, 10, 10),
    Treatment("리쥬란", "skin_booster", 330_000, 3, 28),
    Treatment("레이저제모", "hair_removal", 70_000, 5, 35),
    Treatment("여드름압출", "acne", 60_000, 5, 14),
    Treatment("수분관리", "skin_care", 80_000, 5, 10),
    Treatment("탈모주사", "hair_loss", 90_000),
    Treatment("점제거", "removal", 30_000),
    Treatment("급여진료", "medical", 12_000, covered=True),
    Treatment("물광필", "물광필", 180_000),  # not in config.yaml: a family of its own
)
CHECK = "경과관찰"
FAMILIES = {one.word: one.family for one in TREATMENTS}

SOURCES = {
    "전화": "phone",
    "네이버예약": "naver_booking",
    "톡톡": "naver_talk",
    "카톡": "kakao",
    "인스타그램": "instagram",
    "홈페이지": "website",
    "강남언니": "gangnam_unni",
    "지인 소개": "referral",
    "간판": "signboard",
    "지하철 광고": "지하철 광고",  # not in config.yaml: kept as it is
}
CONTACTS = ("시술문의", "가격문의")
NO_CONTACTS = ("시술후문의", "예약변경", "컴플레인")

STAFF = (
    ("A01", "문가람", "상담실장", "강남점"),
    ("A02", "안도담", "상담실장", "강남점"),
    ("A03", "천보라", "접수", "강남점"),
    ("A04", "하은비", "대표원장", "강남점,해운대점"),
    ("B01", "주새벽", "상담실장", "해운대점"),
    ("B02", "반여름", "상담실장", "해운대점"),
    ("B03", "제갈윤", "접수", "해운대점"),
)
COORDINATORS = {"gangnam": ("A01", "A02"), "haeundae": ("B01", "B02")}
DESK = {"gangnam": "A03", "haeundae": "B03"}
SURNAMES = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민"
# fmt: off
GIVEN = (
    "서연", "지우", "하윤", "도현", "민서", "예준", "수아", "지호", "채원", "은우",
    "다은", "시우", "유나", "건우", "소율", "태윤", "가은", "준서", "나윤", "하람",
)
# fmt: on
ODD = "똠"  # of CP949, not of EUC-KR
