"""Invented names, numbers and places, distributed as they are in Korea.

The telephone numbers are 010-0xxx and 010-1xxx: no subscriber in Korea has such a number.
"""

from random import Random

_SURNAMES = (
    "김 215 이 147 박 84 최 47 정 43 강 23 조 21 윤 21 장 20 임 17 한 15 오 15 서 15 신 15 권 14 황 14 "
    "안 14 송 14 유 13 전 11 홍 11 고 9 문 9 양 9 손 9 배 8 백 8 허 7 남 6 심 6 노 6 하 5 곽 4 성 4 차 "
    "4 주 4 우 4 구 4 민 3 진 3 류 3 나 3 지 3 엄 3 채 3 원 3 천 2 방 2 공 2 현 2 함 2 변 2 여 2 염 1 "
    "추 1 도 1 남궁 1 황보 1 선우 1"
)
_GIVEN = {
    (
        "female",
        1950,
    ): "영숙 정숙 순자 영희 미숙 경숙 영자 정희 순옥 현숙 명숙 옥순 춘자 정자 영순 혜숙 인숙 경희",
    ("male", 1950): "영수 영호 영철 정호 성호 광수 상철 병철 종수 동수 재호 영식 정식 용수 기철 명수 창호",
    (
        "female",
        1970,
    ): "은주 미경 은영 현주 은정 지영 미영 선영 수진 혜경 정은 희정 은희 경아 윤정 현정 주연 미정",
    ("male", 1970): "정훈 성호 성훈 상훈 성진 영진 동현 재훈 상우 정수 진호 승현 기영 태훈 석진 경민 종현",
    (
        "female",
        1980,
    ): "지영 지혜 지현 은정 혜진 수진 은지 민정 선영 유진 은영 보람 아름 소영 수정 현지 미진 효진 나래",
    ("male", 1980): "지훈 성민 현우 정훈 동현 준호 민수 상현 진우 성훈 재현 승호 영준 태현 기현 종민 우진",
    (
        "female",
        1990,
    ): "유진 민지 수빈 지원 지은 지현 예지 은지 혜진 다은 소영 수정 지수 하은 예진 채린 세영 가영 혜원",
    ("male", 1990): "지훈 현우 동현 준영 민재 성현 재현 민석 승현 준혁 정민 태윤 상윤 도현 경훈 재원 한결",
    ("female", 2000): "민서 서연 수빈 지민 예은 채원 지우 유나 서영 은서 가은 다연 예린 시은 나연 윤서 소율",
    ("male", 2000): "민준 현우 동현 준서 지훈 예준 건우 우진 민재 도윤 시현 승민 은찬 태민 재윤 하준",
}
# Well-known people whose names the lists above could make.
_KNOWN = (
    "이지은 이민호 김지수 박지민 박지성 김민재 김지원 한지민 박민영 김수현 이동욱 이정재 정우성 전지현 "
    "김지영 윤정수 김정은 조민수 박민지 김민지 이준호 김동현 이유진 박수진 김은숙 이정후 조현우 손지현 "
    "정지훈 김우진 이승민 김도현 김현우 남지현 신지민 이영희 윤여정 김영철 박영수 이수빈 박지현 우지원 "
    "김승현 서현 서지혜"
)
_FOREIGN = {
    "en": (
        "Emily Carter",
        "Jacob Lindqvist",
        "Hannah Whitlock",
        "Oliver Brandt",
        "Sofia Marchetti",
        "Liam O’Dell",
    ),
    "zh": (
        "Wang Xiaoling",
        "Li Jingyi",
        "Chen Yaqin",
        "Zhang Ruoxi",
        "Liu Meihua",
        "Zhao Tingting",
        "Lin Peishan",
    ),
    "ja": ("Sato Yukina", "Suzuki Harumi", "Tanaka Mizuho", "Ito Kanako", "Nakamura Reika", "Kobayashi Aoi"),
}
_HOMES = {
    "gangnam": "서울 강남구 30 서울 서초구 18 서울 송파구 14 서울 성동구 6 서울 동작구 5 서울 관악구 6 "
    "경기 성남시 8 경기 용인시 5 경기 하남시 3 서울 마포구 3 인천 연수구 2",
    "haeundae": "부산 해운대구 40 부산 수영구 15 부산 남구 10 부산 동래구 9 부산 연제구 7 부산 기장군 8 "
    "부산 금정구 4 울산 남구 4 경남 양산시 3",
}


class Names:
    """Draws people; never one of the reserved names."""

    def __init__(self, rng: Random, reserved: frozenset[str]) -> None:
        self._rng = rng
        self._reserved = reserved.union(_KNOWN.split())
        words = _SURNAMES.split()
        self._surnames = words[::2]
        self._weights = [int(weight) for weight in words[1::2]]
        self._given = {key: names.split() for key, names in _GIVEN.items()}
        self._taken: set[str] = set()
        self._homes = {branch: _weighted(text) for branch, text in _HOMES.items()}

    def korean(self, sex: str, born: int) -> str:
        """A full name of the sex and the years around a birth year."""
        decade = 1950 if born < 1970 else min(2000, born // 10 * 10)
        given = self._given[sex, decade]
        while True:
            surname = self._rng.choices(self._surnames, self._weights)[0]
            name = surname + self._rng.choice(given)
            if name not in self._reserved:
                return name

    def phone(self) -> str:
        """A number in E.164 that was not drawn before and that nobody in Korea has."""
        while True:
            number = f"+8210{self._rng.randrange(2)}{self._rng.randrange(10**7):07}"
            if number not in self._taken:
                self._taken.add(number)
                return number

    def home(self, branch: str) -> str:
        places, weights = self._homes[branch]
        return self._rng.choices(places, weights)[0]


def foreigners() -> tuple[tuple[str, str], ...]:
    """(name, language) of everybody from abroad."""
    return tuple((name, language) for language, names in _FOREIGN.items() for name in names)


def _weighted(text: str) -> tuple[list[str], list[int]]:
    words = text.split()
    places = [f"{words[i]} {words[i + 1]}" for i in range(0, len(words), 3)]
    return places, [int(weight) for weight in words[2::3]]
