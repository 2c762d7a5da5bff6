"""What people say in the benchmarks: ten lines of a small talk in turn, some with Markdown."""

LINES = (
    'Good morning, everybody!',
    'Shall we meet at *ten* in the library? I bring the projector and `three` extension cords.',
    'Yes',
    'Fine with me, but I have to leave at half past eleven.',
    'Who has the notes from last week? https://example.org/notes/2026-11-16 does not open for me.',
    'I do. One moment, please.',
    'Ich bringe Kaffee mit, und für die Frühaufsteher auch Brötchen.',
    '👍',
    "That's kind, thank you! Then let's say ten, and the others join us when they are done with the setup downstairs.",
    '- projector\n- cords\n- coffee',
)
