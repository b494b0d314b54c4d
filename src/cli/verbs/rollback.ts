import { randomUUID } from 'node:crypto';
import type { DeploymentSummary } from '../../views/summary.ts';
import type { Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { span } from '../render/text.ts';
import { chooseLane, withLane, type LaneOptions } from '../select.ts';
import { begun, withWait, type WaitOptions } from '../wait.ts';

interface Options extends LaneOptions, WaitOptions {
  readonly to?: string;
  readonly emergency?: boolean;
  readonly reason?: string;
}

export const define: Define = (command, context) =>
  void withWait(withLane(command))
    .option('--to <version>', 'a version or a revision digest (default: what carried the traffic before)')
    .option('--emergency', 'skip pre-flight and freezes too; the audit log is never skipped')
    .option('--reason <text>', 'why; kept in the audit log')
    .action(
      context.run(async ({ to, emergency = false, reason = 'rolled back by hand', ...options }: Options) => {
        const client = context.client();
        const { application, environment } = await chooseLane(client, options);
        const { deployment } = await client.post<{ readonly deployment: DeploymentSummary | null }>(
          '/api/v1/rollbacks',
          { application, environment, to, emergency, reason },
          { 'idempotency-key': randomUUID() },
        );
        if (deployment) return begun(context, deployment, 'requested, as a rollback', options);
        await context.show({ deployment }, () => [[span('rollback requested')]]);
        return EXIT.ok;
      }),
    );
