"""What a form says of its values: rules for one field, and rules over several. No pictures, no files.

`fields` and `forms` hold the rules, `table` reads and writes them as they stand in a template, `checks` the check
digits and dates, `pattern` the regular expressions.
"""

from digitd.rules.fields import NO_RULES, Check, FieldRules, number_of
from digitd.rules.forms import Blanks, FormRule, Part
from digitd.rules.table import field_rules_table, form_rule_table, parse_field_rules, parse_form_rules

__all__ = [
    "NO_RULES",
    "Blanks",
    "Check",
    "FieldRules",
    "FormRule",
    "Part",
    "field_rules_table",
    "form_rule_table",
    "number_of",
    "parse_field_rules",
    "parse_form_rules",
]
