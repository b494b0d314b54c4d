import { messageOf, SpillwayError } from '../../core/errors.ts';
import { span, wrap, type Line } from './text.ts';

const LABEL = 7;

/** Every error in one form: what, where, and what to do next. */
export function errorLines(error: unknown, width: number): readonly Line[] {
  const { where, hint } = error instanceof SpillwayError ? error : { where: undefined, hint: undefined };
  return [
    ...labelled('error', messageOf(error), 'bad', width),
    ...(where === undefined ? [] : labelled('where', where, 'dim', width)),
    ...(hint === undefined ? [] : labelled('next', hint, 'accent', width)),
  ];
}

function labelled(
  label: string,
  text: string,
  style: 'bad' | 'dim' | 'accent',
  width: number,
): readonly Line[] {
  return wrap(text, width - LABEL).map((part, index) => [
    span((index === 0 ? label : '').padEnd(LABEL), style),
    span(part),
  ]);
}
