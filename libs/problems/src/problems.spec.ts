import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { defineErrors, type Problem, toValidationProblem } from './index.ts';

const errors = defineErrors('ordering', {
  orderNotOpen: ['conflict', 'Only an open order can be changed.'],
});

describe('a domain error', () => {
  it('has a stable code, a status and a sentence', () =>
    expect(errors.orderNotOpen()).toMatchObject({
      code: 'ordering.orderNotOpen',
      status: 409,
      message: 'Only an open order can be changed.',
    }));
});

describe('an unreadable request', () => {
  it('points at the bad field', () => {
    const answer = toValidationProblem([
      { message: 'too small', path: ['lines', { key: 0 }, 'quantity'] },
    ]);
    expect((answer.getResponse() as Problem).errors).toEqual([
      { pointer: '/lines/0/quantity', detail: 'too small' },
    ]);
  });
  it('points at a parameter by its name, and at the whole body with an empty pointer', () => {
    const pointers = (...args: Parameters<typeof toValidationProblem>) =>
      (toValidationProblem(...args).getResponse() as Problem).errors?.map(({ pointer }) => pointer);
    expect(pointers([{ message: 'no id', path: [] }], 'id')).toEqual(['/id']);
    expect(pointers([{ message: 'no object', path: [] }])).toEqual(['']);
    expect(pointers([{ message: 'a slash', path: ['a/b'] }])).toEqual(['/a~1b']);
  });
});
