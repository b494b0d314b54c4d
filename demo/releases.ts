/** One text in a file of the shop, and what a release puts in its place. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export type ReleaseName = 'v1' | 'v2' | 'v3' | 'v4' | 'v5' | 'v6' | 'v7';

/** What the story is to come to, for one release. */
export interface Release {
  readonly name: ReleaseName;
  readonly tag: string;
  /** The commit's subject. */
  readonly subject: string;
  /** Of the last good release's files. */
  readonly edits: readonly Edit[];
  readonly expected: 'completed' | 'rolled_back';
}

const PRICE = `  return 500 + ((product * 37) % 9500);`;

/** A week of the shop. What makes a release bad is really in its code or its configuration. */
export const RELEASES: readonly Release[] = [
  { name: 'v1', tag: 'v1.0.0', subject: 'A shop', edits: [], expected: 'completed' },
  {
    name: 'v2',
    tag: 'v1.1.0',
    subject: 'Prices end in 9',
    edits: [
      { file: 'prices.js', from: PRICE, to: `  return 509 + Math.floor(((product * 37) % 9500) / 10) * 10;` },
    ],
    expected: 'completed',
  },
  {
    name: 'v3',
    tag: 'v1.2.0',
    subject: 'Discounts of the week',
    // There are 20 departments and 19 discounts: one product in 20 has no price.
    edits: [
      {
        file: 'prices.js',
        from: `/** The price of a product, in cents. */`,
        to: `const DISCOUNTS = Array.from({ length: 19 }, (_, department) => ({ percent: department }));

/** The price of a product, in cents. */`,
      },
      {
        file: 'prices.js',
        from: `  return 509 + Math.floor(((product * 37) % 9500) / 10) * 10;`,
        to: `  const { percent } = DISCOUNTS[product % 20];
  return Math.round((509 + ((product * 37) % 9500)) * (1 - percent / 100));`,
      },
    ],
    expected: 'rolled_back',
  },
  {
    name: 'v4',
    tag: 'v1.3.0',
    subject: 'Pay by card',
    edits: [
      {
        file: 'server.js',
        from: `const server = createServer(`,
        to: `const { PAYMENTS_KEY } = process.env;
if (!PAYMENTS_KEY) throw new Error('PAYMENTS_KEY is not set');

const server = createServer(`,
      },
    ],
    expected: 'rolled_back',
  },
  {
    name: 'v5',
    tag: 'v1.4.0',
    subject: 'Customers also bought',
    // Asks a second time, one after the other: twice the latency at the 95th percentile.
    edits: [
      {
        file: 'pages.js',
        from: `  const stock = await stockOf(product);`,
        to: `  const stock = await stockOf(product);
  const alsoBought = await alsoBoughtWith(product);`,
      },
      {
        file: 'pages.js',
        from: `price: priceOf(product) } };`,
        to: `price: priceOf(product), alsoBought } };`,
      },
      {
        file: 'pages.js',
        from: `import { stockOf } from './warehouse.js';`,
        to: `import { alsoBoughtWith, stockOf } from './warehouse.js';`,
      },
      {
        file: 'warehouse.js',
        from: `const expected = (message)`,
        to: `/** @returns another product; takes 16 ms as a rule */
export async function alsoBoughtWith(product) {
  const takes = 1.3 * (FASTEST_MS + USUAL_MS * Math.exp(SPREAD * normal()));
  await new Promise((resolve) => setTimeout(resolve, takes));
  return (product * 7) % 1000;
}

const expected = (message)`,
      },
    ],
    expected: 'rolled_back',
  },
  {
    name: 'v6',
    tag: 'v1.1.1',
    subject: 'Do not wait so long for the warehouse',
    edits: [{ file: 'spillway.yaml', from: `WAREHOUSE_TIMEOUT: 250`, to: `WAREHOUSE_TIMEOUT: 5` }],
    expected: 'rolled_back',
  },
  {
    name: 'v7',
    tag: 'v1.5.0',
    subject: 'Discounts of the week, for every department',
    edits: [
      {
        file: 'prices.js',
        from: `  return 509 + Math.floor(((product * 37) % 9500) / 10) * 10;`,
        to: `  const percent = product % 20;
  return Math.round((509 + ((product * 37) % 9500)) * (1 - percent / 100));`,
      },
    ],
    expected: 'completed',
  },
];
