/** Finds messages and files in the sequence diagrams of a page that the system does not have. */
export function diagramMistakes(
  page: string,
  text: string,
  messages: ReadonlySet<string>,
  files: readonly string[],
): string[] {
  const arrows = [...text.matchAll(/->>\w+: ([^<\n]+)<br\/>(\S+\.ts)$/gm)];
  return arrows.flatMap(([, what, name]) => [
    ...(/^[A-Z]\w+$/.test(what!) && !messages.has(what!)
      ? [`${page} draws the message ${what}, which no contract has`]
      : []),
    ...(files.some((file) => file.endsWith(`/${name}`))
      ? []
      : [`${page} draws the file ${name}, which no app has`]),
  ]);
}
