"""How a page marks who is mentioned in prepared HTML, which all pages share: rules that know whose page it is."""


def own(user_id: int) -> str:
    """Return the rules by which a page marks the mentions of its reader, and the rows they stand in."""
    me, by_me = f'.mention[data-user="{user_id:d}"]', f'.by-{user_id:d}'
    of_all = f'.message:not({by_me}) .mention.all'
    rows = f'.message:not({by_me}):has({me}, .mention.all)'
    return (
        f'{me}, {of_all} {{ background: var(--mention); color: var(--text); font-weight: 650; }}'
        f' {rows} {{ background: var(--mention-row); box-shadow: inset 3px 0 var(--accent); }}'
    )
