import { planCanary, type PlanOptions } from '../canary-plan.ts';
import { compareCanary, type CompareOptions } from '../judge-compare.ts';
import { writeRecord } from '../judge-record.ts';
import { verifyJudge } from '../judge-verify.ts';
import type { Define } from '../context.ts';
import { withLane } from '../select.ts';

export const define: Define = (command, context) => {
  command
    .command('plan')
    .summary('the steps that keep to a risk budget, and how soon bad versions are found')
    .description(
      'The steps that keep to canary.risk_budget at the present traffic, which the server counts, or at the one that is given.',
    )
    .argument('[application]', 'whose (default: that of the configuration)')
    .option('-c, --config <file>', 'its configuration', 'spillway.yaml')
    .option('-e, --env <environment>', 'of this environment (default: production, or the only one)')
    .option('--risk-budget <requests>', 'in place of the configured one')
    .option('--requests-per-second <rate>', 'of both versions together; needs no server')
    .option('--error-rate <percent>', 'of the version that serves (default: 0)')
    .action(
      context.run((application: string | undefined, options: PlanOptions) =>
        planCanary(context, application, options),
      ),
    );
  withLane(command.command('compare').summary('what the canary did beside stable over the same time'))
    .argument('[deployment]', 'its id or the end of it (default: the one under way, else the newest)')
    .option('--record <file>', 'compare what a record holds; needs no server')
    .option('--svg <file>', 'draw the evidence over time as a picture')
    .action(
      context.run((id: string | undefined, options: CompareOptions) => compareCanary(context, id, options)),
    );
  command
    .command('record')
    .summary("a deployment's whole judge record")
    .description(
      'Everything that the judge was given and has said of a deployment: enough to judge it again anywhere.',
    )
    .argument('<deployment>', 'its id or the end of it')
    .option('-f, --file <file>', 'write it there (default: standard output)')
    .action(
      context.run((id: string, { file }: { readonly file?: string }) => writeRecord(context, id, file)),
    );
  command
    .command('verify')
    .summary('judge a record again')
    .description(
      'Judge a record again, without a server: each verdict from its own record, its evidence from the ticks.',
    )
    .argument('<record>', 'a file that `canary record` has written; - for standard input')
    .action(context.run((file: string) => verifyJudge(context, file)));
};
