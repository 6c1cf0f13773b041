"""``eventstudy new``: a study file by question and answer, or from options alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eventstudy.cli.guard import DONE, say
from eventstudy.cli.output import print_json
from eventstudy.errors import InputError

if TYPE_CHECKING:
    from eventstudy.cli.draft import Draft
    from eventstudy.cli.questions import Question

__all__ = ["NewOptions", "new"]

SUFFIX = ".toml"
_OPTION = re.compile(r"^--[a-z-]+:? ")


@dataclass(frozen=True)
class NewOptions:
    """What ``eventstudy new`` was told.

    Attributes
    ----------
    answers : mapping of str to str
        Option without its dashes -> what was given.
    column : sequence of str
        ``OURS=THEIRS``: names of columns of the headlines.
    yes : bool
        Take every default that is not answered.
    force : bool
        Write over a file that is there.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    column: Sequence[str] = ()
    yes: bool = False
    force: bool = False
    json: bool = False
    quiet: bool = False


def new(file: Path, options: NewOptions) -> int:
    """Ask for a study and write its file.

    Parameters
    ----------
    file : Path
        The file to write.
    options : NewOptions

    Returns
    -------
    int
        0.

    Raises
    ------
    InputError
        Naming the option that is wrong, or the file that is there already; nothing is written
        then, nor where the answers end too early.
    """
    from eventstudy.cli.asking import prepare
    from eventstudy.cli.draft import Draft
    from eventstudy.cli.draft_sources import unreached
    from eventstudy.cli.draft_text import study_text
    from eventstudy.cli.events_commands import columns_of, write_new
    from eventstudy.cli.questions import QUESTIONS

    _check(file, options)
    prepare()
    draft = Draft(
        file=file,
        columns=columns_of(options.column),
        given=options.answers,
    )
    if not options.yes and not options.quiet:
        say(f"Writing {file}. Enter takes what stands in [brackets], ? shows what may be\n"
            "answered, Ctrl-C leaves and writes nothing.")  # fmt: skip
    for question in QUESTIONS:
        draft = _answered(question, draft, options)
    _check(file, options)
    _spare_inputs(draft)
    write_new(file, study_text(draft).encode("utf-8"))
    warning = unreached(draft)
    if warning is not None:
        say(f"warning: {warning}")
    if options.json:
        print_json({"schema_version": 1, "file": str(file)})
    elif not options.quiet:
        gap = "" if options.yes else "\n"
        say(f"{gap}written to {file}; run it with: eventstudy run {shlex.quote(str(file))}")
    return DONE


def _check(file: Path, options: NewOptions) -> None:
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file in it, such as {file / 'study.toml'}")
    if file.suffix.lower() != SUFFIX:
        raise InputError(f"a study file ends in {SUFFIX}; write {file}{SUFFIX}")
    if file.exists() and not options.force:
        raise InputError(f"{file} exists; name another file, or write over it with --force")


def _spare_inputs(draft: Draft) -> None:
    """Refuse to write over what the study reads."""
    for name in (draft.events_file, draft.prices_file):
        if name is not None and Path(name).resolve() == draft.file.resolve():
            raise InputError(f"{draft.file} is an input of the study; name another file")


def _answered(question: Question, draft: Draft, options: NewOptions) -> Draft:
    """Return the draft with one more answer: of the options, the default, or of somebody."""
    from eventstudy.cli.asking import ask
    from eventstudy.cli.questions import settled

    def taken(text: str) -> Draft:
        if not text.isprintable():
            raise InputError(f"--{question.option} must be one line of printable text")
        return settled(question.take(draft, text.strip()))

    given = options.answers.get(question.option)
    asked = question.applies(draft)
    if given is not None:
        if not asked and question.superfluous:
            raise InputError(f"--{question.option} is superfluous: {question.superfluous}")
        return taken(given)
    if not asked:
        return draft
    if options.yes:
        if not question.guessed:
            raise InputError(f"--{question.option} is needed: {question.help}")
        return taken(question.default(draft))
    found = [draft]

    def take(text: str) -> None:
        try:
            found[0] = taken(text)
        except InputError as error:
            # Whoever is asked has named no option.
            raise InputError(_OPTION.sub("", str(error))) from None

    ask(question.title, question.help, question.default(draft), take,
        names=question.names(draft), files=question.files)  # fmt: skip
    return replace(found[0])
