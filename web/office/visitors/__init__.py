"""Visitors at the office: who is expected, who has come, and the form that announces one."""
