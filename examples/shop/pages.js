import { priceOf } from './prices.js';
import { stockOf } from './warehouse.js';

const PAGE = /^(GET|POST) \/(products|search|orders)\/(\d{1,6})$/;

/** @returns the status and the body of the answer; throws when the shop cannot answer */
export async function answer(method, url) {
  if (url === '/health') return { status: 200, body: { status: 'ok' } };
  const [, , page, number] = PAGE.exec(`${method} ${url}`) ?? [];
  if (page === undefined) return { status: 404, body: { error: 'there is no such page' } };
  const product = Number(number);
  const stock = await stockOf(product);
  return { status: page === 'orders' ? 201 : 200, body: { page, product, stock, price: priceOf(product) } };
}
