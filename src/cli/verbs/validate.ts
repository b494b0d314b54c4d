import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseConfig } from '../../config/parse.ts';
import type { Problem } from '../../config/problem.ts';
import { unresolved } from '../../config/references.ts';
import { SpillwayError } from '../../core/errors.ts';
import { plural } from '../../views/words.ts';
import type { Context, Define } from '../context.ts';
import { defaultDataDir, namedDataDir } from '../discover.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { problemLines } from '../render/problem.ts';
import { blank, span } from '../render/text.ts';

export const define: Define = (command, context) =>
  void command
    .argument('[file]', 'the configuration', 'spillway.yaml')
    .addHelpText('after', '\nEnds with 2 when the configuration is not valid. Warnings alone end with 0.')
    .action(context.run((file: string) => validate(context, file)));

async function validate(context: Context, file: string): Promise<ExitCode> {
  const { io } = context;
  const path = resolve(io.cwd, file);
  const bytes = await readFile(path).catch(() => {
    throw new SpillwayError('config_invalid', 'there is no such file', {
      where: path,
      hint: 'Write one: spillway init',
    });
  });
  const shown = relative(io.cwd, path);
  const { config, problems } = parseConfig(bytes, shown, await context.commands.adapterSchemas());
  const secrets = join(namedDataDir(io, context.options().data) ?? defaultDataDir(dirname(path)), 'secrets');
  const isSet = (name: string) => io.env[name] !== undefined || existsSync(join(secrets, name));
  const unset = config === undefined ? [] : unresolved(config, isSet);
  const all: readonly Problem[] = [
    ...problems,
    ...unset.map((problem) => ({ ...problem, severity: 'warning' as const })),
  ];
  const errors = all.filter(({ severity }) => severity === 'error').length;
  const warnings = all.length - errors;
  const source = bytes.toString().split(/\r?\n/);
  await context.show({ file: path, valid: errors === 0, problems: all }, () => [
    ...all.flatMap((problem) => [...problemLines(problem, source), blank]),
    errors === 0
      ? [span(`${shown} is valid`, 'good'), span(warnings > 0 ? `, ${plural(warnings, 'warning')}` : '')]
      : [
          span(`${shown} is not valid: ${plural(errors, 'error')}`, 'bad'),
          span(warnings > 0 ? `, ${plural(warnings, 'warning')}` : ''),
        ],
  ]);
  return errors === 0 ? EXIT.ok : EXIT.usage;
}
