import { CustomerErased } from '@fieldguide/contracts/identity';
import type { UnitOfWork } from '@fieldguide/database';
import { type Heard, heard, On } from '@fieldguide/messaging';
import { Controller } from '@nestjs/common';
import { EraseCustomers } from './erase-customers.ts';

export const Erased = heard(CustomerErased, 'customerId');

@Controller()
export class OnCustomerErased {
  constructor(private readonly customers: EraseCustomers) {}

  @On(Erased)
  handle({ data: { customerId } }: Heard<typeof Erased>, tx: UnitOfWork): Promise<void> {
    return this.customers.erase(customerId, tx);
  }
}
