"""What breaks things on purpose: kills, pauses, power cuts, full disks, bad networks, failpoints. Imports ports and below."""
