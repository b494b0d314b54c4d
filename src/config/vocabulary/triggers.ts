import { z } from 'zod';
import { conditionProblem } from '../expression.ts';
import { globProblem } from '../globs.ts';
import { choice, NOT_BUILT, notBuilt, SENTENCE, object, name, text } from './values.ts';

const A_GLOB_LIST = 'a list of globs such as [main, "release/*"]';

const globs = () =>
  z
    .array(
      z.string({ error: 'a glob such as release/*' }).superRefine((glob, context) => {
        const problem = globProblem(glob);
        if (problem) context.addIssue({ code: 'custom', message: problem });
      }),
      { error: A_GLOB_LIST },
    )
    .min(1, { error: A_GLOB_LIST })
    .max(200, { error: 'at most 200 globs' });

/** Globs of which at least one takes something in. */
const including = () =>
  globs().refine((all) => all.some((glob) => !glob.startsWith('!')), {
    error: 'a list with at least one glob that does not begin with !',
  });

const UNBUILT_ACTIONS = /^(?:promote_to_\w+|validate_pr|nightly_validation|dependency_update|dr_activate)$/;
export const DEPLOY = /^deploy_([a-z0-9][a-z0-9_-]*)$/;

const AN_ACTION = 'deploy_<environment> or rollback';
const action = z.string({ error: AN_ACTION }).superRefine((value, context) => {
  if (UNBUILT_ACTIONS.test(value)) context.addIssue({ code: 'custom', message: NOT_BUILT });
  else if (value !== 'rollback' && !DEPLOY.test(value))
    context.addIssue({ code: 'custom', message: AN_ACTION });
});

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'text, a number, true or false' });

/** One input of a manual dispatch. */
const input = object({
  description: text('text').optional(),
  required: z.boolean().optional(),
  type: choice(['string', 'choice', 'boolean', 'number', 'environment']).optional(),
  options: z
    .array(z.union([z.string(), z.number()]).transform(String))
    .min(1)
    .optional(),
  default: scalar.optional(),
}).superRefine((value, context) => {
  const isChoice = value.type === 'choice';
  if (isChoice && value.options === undefined)
    context.addIssue({ code: 'custom', path: ['options'], message: 'the list of values to choose from' });
  if (isChoice && value.default !== undefined && value.options?.includes(String(value.default)) === false)
    context.addIssue({ code: 'custom', path: ['default'], message: `one of ${value.options.join(', ')}` });
});

export const trigger = object({
  event: choice(
    ['push', 'workflow_dispatch'],
    ['pull_request', 'merge_request', 'schedule', 'release', 'webhook', 'incident', 'api'],
  ),
  branches: including().optional(),
  'branches-ignore': globs().optional(),
  tags: including().optional(),
  'tags-ignore': globs().optional(),
  paths: including().optional(),
  'paths-ignore': globs().optional(),
  condition: z
    .string({ error: 'an expression such as actor == "ci"' })
    .superRefine((expression, context) => {
      const problem = conditionProblem(expression);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
  action: action.optional(),
  approval: z
    .literal('none', { error: (issue) => (typeof issue.input === 'string' ? NOT_BUILT : 'none') })
    .optional(),
  gates: z.array(name()).optional(),
  inputs: z.record(name(), input).optional(),
  types: notBuilt(),
  cron: notBuilt(),
  missed: notBuilt(),
}).superRefine((value, context) => {
  const both = (['branches', 'tags', 'paths'] as const).filter((key) => value[key] && value[`${key}-ignore`]);
  for (const key of both)
    context.addIssue({
      code: 'custom',
      path: [`${key}-ignore`],
      message: `${key} is given too; take this one out and use ! there`,
      params: SENTENCE,
    });
});
