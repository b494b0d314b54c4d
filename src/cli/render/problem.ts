import type { Problem } from '../../config/problem.ts';
import { span, widthOf, type Line } from './text.ts';

/** A problem of a configuration: its place, the line with a caret under it, and what would have been right. */
export function problemLines(problem: Problem, source: readonly string[]): readonly Line[] {
  const { file, line, column, message, severity, expected, nearest } = problem;
  const style = severity === 'error' ? 'bad' : 'warn';
  const text = source[line - 1]?.replaceAll('\t', ' ') ?? '';
  const number = String(line);
  const gutter = ' '.repeat(number.length);
  const caret = ' '.repeat(widthOf(text.slice(0, Math.max(0, column - 1))));
  return [
    [span(`${file}:${line}:${column}`, 'bold'), span(`  ${severity}: `, style), span(message)],
    ...(text.trim() === ''
      ? []
      : [
          [span(`  ${number} | `, 'dim'), span(text)],
          [span(`  ${gutter} | `, 'dim'), span(`${caret}^`, style)],
        ]),
    ...(expected === '' ? [] : [[span('  expected  ', 'dim'), span(expected)]]),
    ...(nearest === undefined ? [] : [[span('  nearest   ', 'dim'), span(nearest, 'accent')]]),
  ];
}
