"""Recorded GitHub webhooks become commands of one service, whose events two others turn into a report."""
