"""The colours of the pages, as Streamlit's options. They agree with the chart's own, `frontend/src/style/theme.ts`."""

DARK = {
    "backgroundColor": "#131722",
    "secondaryBackgroundColor": "#1e222d",
    "textColor": "#d1d4dc",
    "primaryColor": "#7aa3ff",
    "borderColor": "#2a2e39",
}
LIGHT = {
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f0f3fa",
    "textColor": "#131722",
    "primaryColor": "#1b4fe0",
    "borderColor": "#e0e3eb",
}
BOTH = {"font": "-apple-system, BlinkMacSystemFont, 'Trebuchet MS', Roboto, Ubuntu, sans-serif", "baseRadius": "6px"}


def theme_options() -> dict[str, str]:
    """Return Streamlit's options for the chart's two palettes; the system's preference picks one."""
    options = {f"theme.dark.{name}": value for name, value in DARK.items()}
    options |= {f"theme.light.{name}": value for name, value in LIGHT.items()}
    return options | {f"theme.{name}": value for name, value in BOTH.items()}
