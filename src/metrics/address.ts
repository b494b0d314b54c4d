import { z } from 'zod';

/** An address from its beginning, or one that a `${NAME}` begins; on one line. */
const ADDRESS = /^(?:https?:\/\/[^\s/?#]|\$\{).*$/;

/** Where a source is asked; may contain `${NAME}`, which is known only when it is. */
export const address = () => z.string().regex(ADDRESS, { error: 'an address such as http://127.0.0.1:9090' });
