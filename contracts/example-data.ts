// Example data of all contracts. Fixed values, so that a failure is reproducible.
export const ada = '01900000-0000-7000-9000-000000000001';
export const hammock = '01900000-0000-7000-8000-000000000014';
export const orderId = '01900000-0000-8000-8000-00000000000a';
export const paymentId = '01900000-0000-7000-8000-0000000000aa';
export const shipmentId = '01900000-0000-7000-8000-0000000000bb';
export const sid = '01900000-0000-7000-8000-0000000000cc';
export const noon = '2030-01-01T12:00:00.000Z';
export const price = { amountMinor: 6_900, currency: 'EUR' };
export const total = { amountMinor: 13_800, currency: 'EUR' };
export const lines = [{ productId: hammock, quantity: 2 }];
export const shipTo = {
  name: 'Ada',
  street: '1 Main St',
  city: 'Bern',
  postalCode: '3000',
  country: 'CH',
};
