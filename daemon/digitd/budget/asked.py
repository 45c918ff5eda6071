"""What the configuration asks for: which promise for which group."""

from digitd.budget.promise import Group, Promise
from digitd.config import Budget


def own_groups(budget: Budget) -> frozenset[Group]:
    """The fields with a budget of their own."""
    return frozenset(Group(form=form, field=name) for form, asked in budget.forms.items() for name in asked.fields)


def promise_of(budget: Budget, group: Group) -> Promise:
    """The promise for a group: what its field says, else its form, else the section itself."""
    form = budget.forms.get(group.form)
    levels = [form and form.fields.get(group.field), form, budget]
    wrong = [one.wrong_fields for one in levels if one and one.wrong_fields is not None]
    sure = [one.confidence for one in levels if one and one.confidence is not None]
    return Promise(wrong_fields=wrong[0], confidence=sure[0])
