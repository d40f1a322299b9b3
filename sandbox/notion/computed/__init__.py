"""What Notion computes from other values: formulas, rollups, spans of dates. Pure."""
