"""Reactions under a message, as prepared HTML that all pages share; a rule of the page tells which are the reader's."""

from html import escape

from chat import emojis
from chat.models import Message, Reaction

NAMED = 20  # who reacted, when a pointer rests on it
MARKED = 100  # people whose reaction with one emoji is in the HTML; more would make long pages of loved messages
OWN = 'background: var(--chip-own); border-color: var(--accent); color: var(--text); font-weight: 650;'
PICK = '<i class="material-icons" aria-hidden="true">add_reaction</i>'  # a ligature: it is drawn as one picture


def chips(message: Message) -> str:
    """Return the reactions to a message with their counts, and a button for another; nothing if there are none."""
    if not message.reactions:
        return ''
    shown = ''.join([_chip(each) for each in message.reactions])
    add = (
        '<button type="button" class="chip chip-add" data-action="pick" aria-label="Add reaction" title="Add reaction"'
        f' aria-haspopup="dialog">{PICK}</button>'
    )
    return f'<div class="chips" role="group" aria-label="Reactions">{shown}{add}</div>'


def who(reaction: Reaction) -> str:
    """Return who reacted with what, as a sentence."""
    names, more = reaction.users[:NAMED], len(reaction.users) - NAMED
    if more > 0:
        people = f'{", ".join(names)} and {more} {"other" if more == 1 else "others"}'
    else:
        people = ' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))
    return f'{people} reacted with {emojis.name_of(reaction.emoji) or reaction.emoji}'


def own(user_id: int) -> str:
    """Return the rule by which a page marks the reactions of its reader."""
    return f'.chip.r{user_id:d} {{ {OWN} }}'


def own_among_many(message: Message, user_id: int) -> str:
    """Return the rule for those to a message that more people share than its HTML says; nothing if there are none."""
    many = [each.emoji for each in message.reactions if user_id in each.user_ids[MARKED:]]
    marked = [f'#m{message.id:d} .chip[data-emoji="{_as_css(emoji)}"]' for emoji in many]
    return f'{", ".join(marked)} {{ {OWN} }}' if marked else ''


def _as_css(text: str) -> str:
    return ''.join([f'\\{ord(character):x} ' for character in text])


def _chip(reaction: Reaction) -> str:
    sign, sentence = escape(reaction.emoji), escape(who(reaction))
    marks = ''.join([f' r{user_id:d}' for user_id in reaction.user_ids[:MARKED]])
    return (
        f'<button type="button" class="chip{marks}" data-action="react" data-emoji="{sign}" title="{sentence}"'
        f' aria-label="{len(reaction.users)}, {sentence}"><span class="chip-sign">{sign}</span>'
        f'<span>{len(reaction.users)}</span></button>'
    )
