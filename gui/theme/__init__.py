"""Colours, fonts, icons and the style of the window. Nothing else in gui writes a colour or names a typeface."""

from .appearance import Appearance, Mode
from .categories import CATEGORIES, category_of
from .fonts import MONO_FAMILY, UI_FAMILY, load_fonts, mono_font, ui_font
from .icons import ICONS, icon, paint_icon
from .style import apply, current, palette, style_sheet
from .tokens import DARK, LIGHT, Theme, contrast, faded, mix

__all__ = [
    "CATEGORIES",
    "DARK",
    "ICONS",
    "LIGHT",
    "MONO_FAMILY",
    "UI_FAMILY",
    "Appearance",
    "Mode",
    "Theme",
    "apply",
    "category_of",
    "contrast",
    "current",
    "faded",
    "icon",
    "load_fonts",
    "mix",
    "mono_font",
    "paint_icon",
    "palette",
    "style_sheet",
    "ui_font",
]
