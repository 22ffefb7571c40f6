/** A straight line through points that come one by one, by least squares, without keeping them. */
export class StraightLine {
  #n = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #yy = 0;

  clear(): void {
    this.#n = this.#x = this.#y = this.#xx = this.#xy = this.#yy = 0;
  }

  /** Give coordinates near 0: the sums of squares lose digits otherwise. */
  add(x: number, y: number): void {
    this.#n++;
    this.#x += x;
    this.#y += y;
    this.#xx += x * x;
    this.#xy += x * y;
    this.#yy += y * y;
  }

  get count(): number {
    return this.#n;
  }

  /** Mean of the ordinates, 0 without points. */
  get mean(): number {
    return this.#n > 0 ? this.#y / this.#n : 0;
  }

  /** Rise per unit of x, 0 for fewer than three points. */
  get slope(): number {
    const spread = this.#xx - (this.#x * this.#x) / Math.max(1, this.#n);
    if (this.#n < 3 || spread <= 0) return 0;
    return (this.#xy - (this.#x * this.#y) / this.#n) / spread;
  }

  /** Standard deviation of the points from the line. */
  get deviation(): number {
    if (this.#n < 3) return 0;
    const own = this.#yy - (this.#y * this.#y) / this.#n;
    const explained = this.slope * (this.#xy - (this.#x * this.#y) / this.#n);
    return Math.sqrt(Math.max(0, own - explained) / (this.#n - 2));
  }
}
