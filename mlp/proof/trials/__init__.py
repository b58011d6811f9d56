"""Trials of a whole study: killed, interrupted, crowded or repeated, does it keep its promises?"""
