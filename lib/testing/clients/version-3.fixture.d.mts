/** The client of protocol 3. It takes the options of the present one. */
export class Tab {
  constructor(options: object)
}
