"""Telling a program of the operator's, or a web address, of finished documents. Nothing that happened is left out.

A receiver is told of everything at least once, in order as long as it takes everything; what it does not take is tried
again until it does.
"""
