// Text of strangers (servers' logs, error messages) made safe for a terminal: one line, no control characters. Escapes nothing else.

// oxlint-disable-next-line no-control-regex
export const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
