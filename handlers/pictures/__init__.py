"""Charts as PNG bytes: drawn with `Figure` by one thread, after the step, from plain values."""

from io import BytesIO
from typing import assert_never

from handlers.charts import BarChart, ChangeChart, FunnelChart, HeatMap
from handlers.language.language import Language
from handlers.pictures.bars import draw_bars
from handlers.pictures.changes import draw_changes
from handlers.pictures.funnel import draw_funnel
from handlers.pictures.heat import draw_heat

AnyChart = FunnelChart | BarChart | ChangeChart | HeatMap


def draw(chart: AnyChart, _language: Language) -> bytes:
    """A PNG about 780 pixels wide, made to be read on a phone half that wide."""
    match chart:
        case FunnelChart():
            figure = draw_funnel(chart)
        case BarChart():
            figure = draw_bars(chart)
        case ChangeChart():
            figure = draw_changes(chart)
        case HeatMap():
            figure = draw_heat(chart)
        case _:
            assert_never(chart)
    content = BytesIO()
    figure.savefig(content, format="png")
    figure.clear()
    return content.getvalue()
