"""What every number asks and how it is counted, by its key; `kpi_words` says them."""

from crm_core.kpi.kpi import KpiCut, Ripe, Viewpoint
from handlers.language.language import N_

TITLES = {
    "inquiries": N_("Inquiries (number)"),
    "new_patients": N_("New patients (number)"),
    "visits": N_("Visits (number)"),
    "inquiry_to_reservation": N_("Inquiry to reservation"),
    "visit_rate": N_("Reservation to visit"),
    "consult_rate": N_("Visit to consult"),
    "agreement": N_("Agreement rate"),
    "treated": N_("Agreement to treatment"),
    "agreement_same_day": N_("Same-day agreement rate"),
    "agreement_amount": N_("Agreement by amount"),
    "course_completion": N_("Course completion"),
    "return": N_("Return rate"),
    "return_new": N_("New patients back in 90 days"),
    "referral": N_("Referral"),
    "referral_share": N_("Referred share of new patients"),
    "referrers": N_("Patients who referred"),
    "churn_family": N_("Lapse rate per family"),
    "churn_patient": N_("Patient churn rate"),
    "recall_success": N_("Recall success (due)"),
    "recapture": N_("Recapture rate (lapsed)"),
    "recall_success_same_family": N_("Recall success, same family"),
    "recapture_same_family": N_("Recapture, same family"),
    "recall_revenue": N_("Revenue of those who came back"),
    "natural_return": N_("Natural return"),
    "connect_rate": N_("Connected calls"),
    "group_mix": N_("Group mix (share of affirmations)"),
    "no_show": N_("No-show rate"),
    "late_cancel": N_("Late cancellation rate"),
    "show_rate": N_("Show rate"),
    "early_cancel": N_("Timely cancellation rate"),
    "confirm_rate": N_("Confirmation rate"),
    "response_time": N_("Inquiry response time"),
    "growth": N_("Inner growth factor"),
    "revenue": N_("Revenue (received − refunded)"),
    "per_patient": N_("Revenue per patient"),
}
ASKS = {
    "inquiries": N_("How many ask about a treatment or its price?"),
    "new_patients": N_("How many are here for the first time?"),
    "visits": N_("How many patients come, each counted once a day?"),
    "inquiry_to_reservation": N_("Of those who ask, how many book?"),
    "visit_rate": N_("Of those who book, how many come?"),
    "consult_rate": N_("Of the visits that need a consult, how many have one?"),
    "agreement": N_("Of those consulted, how many agree within 30 days?"),
    "treated": N_("Of those who agree, how many are treated?"),
    "agreement_same_day": N_("Of those consulted, how many agree on the day?"),
    "agreement_amount": N_("Of the money proposed, how much is agreed?"),
    "course_completion": N_("Of the courses that should have ended, how many were finished?"),
    "return": N_("Of those treated, how many come back in their cycle?"),
    "return_new": N_("Of the new patients, how many come again within 90 days?"),
    "referral": N_("Of those treated, how many bring somebody?"),
    "referral_share": N_("Of the new patients, how many come by somebody's word?"),
    "referrers": N_("Of the patients treated, how many have brought somebody?"),
    "churn_family": N_("Of those whose cycle ended, how many did not come back?"),
    "churn_patient": N_("Of the active patients, how many do we lose?"),
    "recall_success": N_("Of the due patients we reached, how many came?"),
    "recapture": N_("Of the lapsed patients we reached, how many came back?"),
    "recall_success_same_family": N_("Of the due patients we reached, how many came for the same?"),
    "recapture_same_family": N_("Of the lapsed patients we reached, how many came back for the same?"),
    "recall_revenue": N_("What did those who came back bring within 30 days?"),
    "natural_return": N_("How many come back by themselves, without a call?"),
    "connect_rate": N_("How many of our calls are answered?"),
    "group_mix": N_("How do people take our recall calls?"),
    "no_show": N_("Of the reservations, how many did not come and said nothing?"),
    "late_cancel": N_("Of the reservations, how many were called off too late?"),
    "show_rate": N_("Of the reservations, how many came?"),
    "early_cancel": N_("How many call off in time?"),
    "confirm_rate": N_("How many confirm that they come?"),
    "response_time": N_("How long does somebody who asks wait for an answer?"),
    "growth": N_("Do we grow without advertising?"),
    "revenue": N_("What came in?"),
    "per_patient": N_("What does a patient who comes spend?"),
}
_BASE = N_("Cancelled late ÷ (arrived + no-show + cancelled late).")
COUNTED = {
    "inquiries": N_(
        "Inquiries about a treatment or its price. Questions about an appointment or after a treatment, "
        "complaints and spam are out."
    ),
    "new_patients": N_(
        "Patients on the day of their first visit ever, by the chart's first visit or the facts, the earlier."
    ),
    "visits": N_("Patients here on a local day, each once a day."),
    "inquiry_to_reservation": N_(
        "Of the journeys that began with an inquiry at least {inquiry} days ago, those that went on to a "
        "reservation or came without one."
    ),
    "visit_rate": N_(
        "Of the journeys with a reservation whose last date reserved is at least {reservation} days past, "
        "those that came. Cancelled by the clinic is out."
    ),
    "consult_rate": N_(
        "Of the journeys that came at least {visit} day ago, those with a consult. Treated without a "
        "consult stands beside."
    ),
    "agreement": N_(
        "Of the journeys consulted at least {consult} days ago, those that agreed in full or in part, or "
        "paid. Not suitable is out."
    ),
    "treated": N_(
        "Of the journeys that agreed at least {agreement} days ago, those treated. Stopped by the doctor "
        "is out."
    ),
    "agreement_same_day": N_(
        "Of the journeys consulted, those that agreed on the day of the consult. Not suitable is out."
    ),
    "agreement_amount": N_(
        "Amount agreed within 30 days ÷ amount proposed, each plan once by its last version, of consults at "
        "least 30 days old. Not suitable is out."
    ),
    "course_completion": N_(
        "Courses whose sessions were all used ÷ courses whose validity or expected end fell in the period, "
        "30 days after it. Refunded ones are out."
    ),
    "return": N_(
        "Of the treated journeys whose churn date fell in the period, those whose patient came for a "
        "consult or treatment of a next journey by then."
    ),
    "return_new": N_(
        "New patients who were here again within 90 days ÷ new patients whose 90 days are over. Covered "
        "one-time care is out."
    ),
    "referral": N_(
        "Of the journeys treated {referral} days before a day of the period, those whose patient was "
        "named by somebody who first came within these days."
    ),
    "referral_share": N_("New patients who were referred by a patient, family or staff ÷ new patients."),
    "referrers": N_(
        "Patients treated in the period who were named by somebody whose first contact came since its first "
        "day ÷ patients treated in the period."
    ),
    "churn_family": N_(
        "Of the patients whose churn date for a family fell in the period, those not back and without a live "
        "reservation on that date. Out: deceased, abroad, moved, treatment complete, sessions left."
    ),
    "churn_patient": N_(
        "Patients whose every family lapsed in the period, without a live reservation then ÷ patients active "
        "on its first day. Who refuses contact stays in the base."
    ),
    "recall_success": N_(
        "Of the due patients reached by a recall call, those who came for a paid treatment or a consult "
        "within {attribution} days after it. Booked before the call is out; each patient once."
    ),
    "recapture": N_(
        "Of the lapsed patients reached by a recall call, those who came for a paid treatment or a consult "
        "within {attribution} days after it. Booked before the call is out; each patient once."
    ),
    "recall_success_same_family": N_("The same, counting only who came for the family that was due."),
    "recapture_same_family": N_("The same, counting only who came for the family that had lapsed."),
    "recall_revenue": N_("Payments − refunds within 30 days from the first day back."),
    "natural_return": N_(
        "Of those who lapsed in a family and were not reached by a call, those who were here within 60 days "
        "after the churn date."
    ),
    "connect_rate": N_("Calls in which somebody spoke with us ÷ calls dialled (calls, not patients)."),
    "group_mix": N_(
        "Each response group ÷ connected recall calls; the number is active and passive affirmation "
        "together. Call-back later and treatment complete are out."
    ),
    "no_show": N_(
        "No-shows ÷ (arrived + no-show + cancelled late), over reservations whose day is over. A moved "
        "reservation counts once, at its last date."
    ),
    "late_cancel": _BASE,
    "show_rate": N_("Arrived ÷ (arrived + no-show + cancelled late)."),
    "early_cancel": N_("Cancelled in time ÷ (arrived + no-show + cancelled late + cancelled in time)."),
    "confirm_rate": N_("Confirmed ÷ reminders delivered on channels that can answer."),
    "response_time": N_(
        "The median of opening minutes to the first answer of a person. An automatic receipt is no answer."
    ),
    "growth": N_(
        "(Active at the start − lost + returned + referred) ÷ active at the start; above 1 the clinic grows "
        "without advertising."
    ),
    "revenue": N_("Payments − refunds by the day of payment."),
    "per_patient": N_("Revenue ÷ different patients who visited."),
}
OF_NUMBER = {
    "consult_rate": N_(
        "Visits with a consult ÷ visits that needed one: new patients, and returning ones with a new need. "
        "Course sessions, checks, repeat treatments and covered care are out."
    ),
    "agreement": N_(
        "Patients who agreed in full or in part within 30 days ÷ patients consulted at least 30 days ago. "
        "Not suitable is out."
    ),
    "agreement_same_day": N_(
        "Patients who agreed in full or in part on the day ÷ patients consulted. Not suitable is out."
    ),
}
"""Where a number counts something else than the pair of the funnel of the same name."""
REASONS = {
    "too_early": N_("too early"),
    "open": N_("too early"),
    "cancelled_by_clinic": N_("cancelled by the clinic"),
    "cancelled_early": N_("cancelled in time"),
    "unmarked": N_("unmarked"),
    "stopped_by_doctor": N_("stopped by the doctor"),
    "spam": N_("spam"),
    "other_inquiry": N_("other inquiries"),
    "not_suitable": N_("not suitable"),
    "no_amount": N_("no amount written"),
    "refunded": N_("refunded"),
    "no_end": N_("no end known"),
    "check": N_("follow-up checks"),
    "course_session": N_("course sessions"),
    "covered_care": N_("covered care"),
    "repeat_treatment": N_("repeat treatments"),
    "consulted_before": N_("consulted before"),
    "no_new_need": N_("no new need"),
    "treatment_complete": N_("treatment complete"),
    "course_running": N_("sessions left"),
    "deceased": N_("deceased"),
    "abroad": N_("living abroad"),
    "moved_branch": N_("moved to another branch"),
    "not_lapsed": N_("not lapsed"),
    "called": N_("reached by a call"),
    "booked_before": N_("booked before the call"),
    "not_due": N_("nothing due that day"),
    "call_later": N_("call back later"),
    "new": N_("new by themselves"),
    "not_answered": N_("not answered yet"),
    "no_time": N_("no time of day"),
    "asked_again": N_("asked again within seven days"),
    "duplicate": N_("duplicates"),
    "mistake": N_("written by mistake"),
}
WHY_NOT = {
    "no_payments": N_("No payment data, so no amounts"),
    "no_answers": N_("Nobody has written down when an inquiry was answered"),
    "no_reminders": N_("No reminders have been sent that could be answered"),
}
VIEWPOINTS = {
    Viewpoint.BOOKING: N_("Get the booking"),
    Viewpoint.VISIT: N_("Get the visit"),
    Viewpoint.DECISION: N_("Get the decision"),
    Viewpoint.RELATION: N_("Keep and refer"),
    Viewpoint.BASIS: N_("Growth and revenue"),
}
RIPE = {
    Ripe.AT_ONCE: N_("at once"),
    Ripe.DAY_CLOSED: N_("when the day is over"),
    Ripe.PATIENCE: N_("when the patience of its stage has passed"),
    Ripe.DECISION: N_("30 days after the consult"),
    Ripe.COURSE_END: N_("30 days after the expected end"),
    Ripe.CHURN_DATE: N_("on the churn date"),
    Ripe.REFERRAL: N_("{referral} days after the treatment"),
    Ripe.NEW_RETURN: N_("90 days after the first visit"),
    Ripe.ATTRIBUTION: N_("{attribution} days later"),
    Ripe.MONTH_CLOSED: N_("when the month is over"),
    Ripe.APPOINTMENT: N_("at the time of the appointment"),
}
CUTS = {
    KpiCut.BRANCH: N_("By branch"),
    KpiCut.COORDINATOR: N_("By coordinator"),
    KpiCut.TREATMENT: N_("By treatment"),
    KpiCut.DOCTOR: N_("By doctor"),
    KpiCut.SOURCE: N_("By source"),
    KpiCut.WEEKDAY: N_("By weekday"),
    KpiCut.NEW: N_("By new or returning"),
    KpiCut.INSURED: N_("By insurance"),
    KpiCut.GROUP: N_("By group"),
    KpiCut.CAUSE: N_("By cause"),
    KpiCut.OWNER: N_("By owner"),
}
CUT_WORDS: dict[str, tuple[str, ...]] = {
    KpiCut.BRANCH.value: ("지점별", "지점", "branches"),
    KpiCut.COORDINATOR.value: ("실장별", "상담실장별", "실장", "coordinators", "staff"),
    KpiCut.TREATMENT.value: ("시술별", "시술", "treatments", "family"),
    KpiCut.DOCTOR.value: ("원장별", "원장", "doctors"),
    KpiCut.SOURCE.value: ("유입경로별", "경로별", "유입경로", "sources"),
    KpiCut.WEEKDAY.value: ("요일별", "요일", "weekdays"),
    KpiCut.NEW.value: ("신환별", "구환별", "신구환별", "신환·구환별", "신환구환", "returning"),
    KpiCut.INSURED.value: ("급여별", "보험별", "급여·비급여별", "비급여별", "보험", "insurance", "payer"),
    KpiCut.GROUP.value: ("반응군별", "반응별", "그룹별", "반응군", "groups"),
    KpiCut.CAUSE.value: ("사유별", "이유별", "사유", "causes"),
    KpiCut.OWNER.value: ("담당별", "담당", "owners"),
}
SYNONYMS: dict[str, tuple[str, ...]] = {
    "inquiries": ("inquiries", "문의 수", "문의수", "문의"),
    "new_patients": ("new patients", "신환 수", "신환수", "신규환자", "신환 몇 명", "신환"),
    "visits": ("visits", "내원 수", "내원수", "내원"),
    "inquiry_to_reservation": ("booking rate", "예약 전환율", "예약전환율", "예약률"),
    "visit_rate": ("visit rate", "내원율"),
    "show_rate": ("show rate", "예약 이행률", "이행률"),
    "no_show": ("no show", "no-show", "noshow", "노쇼율", "노쇼", "예약부도율", "부도율"),
    "late_cancel": ("late cancellation", "당일취소율", "당일취소", "당일 취소율"),
    "early_cancel": ("early cancellation", "사전 취소율", "사전취소"),
    "confirm_rate": ("confirmation rate", "내원 확인율", "확인율"),
    "consult_rate": ("consult rate", "상담 전환율", "상담율"),
    "agreement_same_day": (
        "same-day agreement",
        "same day agreement",
        "당일 동의율",
        "당일동의",
        "당일 동의",
    ),
    "agreement": ("agreement", "동의율", "상담동의율", "상담성공률", "상담 성공률", "계약률"),
    "agreement_amount": ("agreement amount", "금액 동의율", "금액동의율"),
    "treated": ("treatment rate", "시술 진행률", "진행률"),
    "course_completion": ("course completion", "코스 완료율", "횟수권 완료율", "완료율"),
    "return": ("return rate", "returns", "재내원율", "재방문율", "재내원"),
    "return_new": ("new returns", "신환 재내원율", "신환재내원율"),
    "referral_share": ("referral share", "소개 신환 비율", "소개율", "소개 신환"),
    "referrers": ("referrers", "소개해 주신 환자 비율", "소개 환자 비율", "소개자 비율"),
    "referral": ("referral", "소개 여정"),
    "churn_family": ("lapse rate", "churn", "시술 이탈률", "이탈률"),
    "churn_patient": ("patient churn", "고객 이탈률", "환자 이탈률"),
    "recall_success": ("recall success", "recall", "리콜 성공률", "리콜성공률", "리콜"),
    "recapture": ("recapture", "재유치율", "재유치", "복귀율", "회복률"),
    "natural_return": ("natural return", "자연 복귀율", "자연복귀"),
    "connect_rate": ("connected", "connect rate", "통화 연결률", "연결률"),
    "group_mix": ("groups", "group mix", "반응군 비율", "반응군"),
    "response_time": ("response time", "문의 응답 시간", "응답 시간", "응답시간"),
    "growth": ("growth", "복리 성장", "복리성장", "성장", "내부 성장률"),
    "revenue": ("revenue", "sales", "매출", "매출액"),
    "per_patient": ("revenue per patient", "per patient", "객단가", "1인당 매출", "인당매출"),
}
