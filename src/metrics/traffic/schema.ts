import { z } from 'zod';

/** The provider counts by itself: there is nothing to say about it. */
export const trafficMetricsSettings = z.strictObject({});
