import type { Outcome } from './simulation.ts';

/** What a failing seed has to say: what was violated, what happened before it, and how to see it again. */
export function failureText({ seed, violations, trace }: Outcome, lines: number): string {
  const found = violations.map(({ invariant, says, what }) => `${invariant}: ${what}\n  the rule: ${says}`);
  const story = lines > 0 ? ['', ...trace.last(lines)] : [];
  return [`seed ${seed} fails`, ...found, ...story, '', `replay: make simulate SEED=${seed}`].join('\n');
}
