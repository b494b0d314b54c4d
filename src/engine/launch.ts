import { SpillwayError } from '../core/errors.ts';
import type { StartRequest } from '../ports/target.ts';
import type { World } from './world.ts';

/** Starts instances of a revision whose files were laid out once, and lays them out again where they are gone. */
export async function launch(
  { target: targetOf, applications }: Pick<World, 'target' | 'applications'>,
  request: StartRequest,
): Promise<void> {
  const { revision, lane } = request;
  const target = await targetOf(revision.runtime.target.type);
  try {
    await target.start(request);
  } catch (error) {
    if (!(error instanceof SpillwayError) || error.code !== 'conflict') throw error;
    const source = await applications.source(lane.application);
    const { folder } = await source.artifact(revision.release.artifact);
    await target.prepare(lane, revision, folder);
    await target.start(request);
  }
}
