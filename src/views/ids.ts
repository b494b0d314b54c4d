import type { DeploymentId } from '../core/ids.ts';

const SHORT = 6;

/** What people read and type: the last six characters, since ids of one hour begin alike. */
export const shortId = (id: DeploymentId | string): string => id.replaceAll('-', '').slice(-SHORT);

/** Whether a person who typed `text` may mean this id: all of it, or its end. */
export const mayMean = (id: DeploymentId | string, text: string): boolean =>
  id === text ||
  (text.length >= 3 && id.replaceAll('-', '').endsWith(text.replaceAll('-', '').toLowerCase()));
