"""Colours, fonts, icons and the style of the window. Nothing else in gui writes a colour or names a typeface."""

from .appearance import Appearance, Look, Mode
from .colour_maps import MAPS, mapped
from .fonts import MONO_FAMILY, UI_FAMILY, UI_SIZE, load_fonts, mono_font, scale, scaled, ui_font
from .icons import ICONS, icon, paint_icon
from .motion import is_calm
from .style import apply, current, mark_file, palette, resize_font, size_icon, style_sheet, zoom_of
from .tokens import CONTRAST, DARK, LIGHT, Theme, contrast, faded, mix

__all__ = [
    "CONTRAST",
    "DARK",
    "ICONS",
    "LIGHT",
    "MAPS",
    "MONO_FAMILY",
    "UI_FAMILY",
    "UI_SIZE",
    "Appearance",
    "Look",
    "Mode",
    "Theme",
    "apply",
    "contrast",
    "current",
    "faded",
    "icon",
    "is_calm",
    "load_fonts",
    "mapped",
    "mark_file",
    "mix",
    "mono_font",
    "paint_icon",
    "palette",
    "resize_font",
    "scale",
    "scaled",
    "size_icon",
    "style_sheet",
    "ui_font",
    "zoom_of",
]
