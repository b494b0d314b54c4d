/** The price of a product, in cents. */
export function priceOf(product) {
  return 500 + ((product * 37) % 9500);
}
