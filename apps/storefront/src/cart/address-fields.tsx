import { Field } from '../design/field.tsx';
import { type AddressErrors, countries } from './order-request.ts';

export function AddressFields({ errors }: { errors: AddressErrors }) {
  return (
    <fieldset className="sheet address">
      <legend>Where to</legend>
      <Field label="Name" name="name" autoComplete="shipping name" error={errors.name} />
      <Field
        label="Street and number"
        name="street"
        autoComplete="shipping street-address"
        error={errors.street}
      />
      <Field
        label="Postal code"
        name="postalCode"
        autoComplete="shipping postal-code"
        error={errors.postalCode}
      />
      <Field label="City" name="city" autoComplete="shipping address-level2" error={errors.city} />
      <div className="field">
        <label htmlFor="country">Country</label>
        <select
          id="country"
          name="country"
          autoComplete="shipping country"
          defaultValue="CH"
          aria-invalid={errors.country ? true : undefined}
        >
          {Object.entries(countries).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </fieldset>
  );
}
