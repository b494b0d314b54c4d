import { resolve } from 'node:path';
import { drawFigure } from '../views/chart/index.ts';
import { compareOf } from '../views/judge/compare.ts';
import { pictureOf } from '../views/judge/picture.ts';
import { recordOfJson, type ReadRecord } from '../views/judge/record.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { fetchRecord, loadRecord, nameOf, writeWhole } from './judge-record.ts';
import { compareLines } from './render/compare.ts';
import { blank, span } from './render/text.ts';
import { chooseDeployment, type LaneOptions } from './select.ts';

export interface CompareOptions extends LaneOptions {
  readonly record?: string;
  readonly svg?: string;
}

/** What a canary did beside stable: of a deployment, or of a record of one. */
export async function compareCanary(
  context: Context,
  id: string | undefined,
  { record: file, svg, ...lane }: CompareOptions,
): Promise<ExitCode> {
  const { record, name } =
    file === undefined
      ? await recorded(context, id, lane)
      : { record: await loadRecord(context, file), name: nameOf(file) };
  const comparison = compareOf(record, name);
  if (svg !== undefined) await writeWhole(resolve(context.io.cwd, svg), drawFigure(pictureOf(comparison)));
  await context.show(comparison, () => [
    ...compareLines(comparison, context.canvas),
    ...(svg === undefined ? [] : [blank, [span('drawn to ', 'good'), span(svg)]]),
  ]);
  return EXIT.ok;
}

async function recorded(
  context: Context,
  id: string | undefined,
  lane: LaneOptions,
): Promise<{ readonly record: ReadRecord; readonly name: string }> {
  const chosen = await chooseDeployment(context.client(), id, lane, 'ended too');
  const name = `deployment ${chosen.short}`;
  return { record: recordOfJson(await fetchRecord(context, chosen.id), name), name };
}
