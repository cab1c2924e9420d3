//! Arrays with one value for each variant of an enum. The length of such an array comes from the enum, not from a
//! number written by hand.

use std::array;
use std::iter::Zip;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::slice;

/// An enum without data that can index an [`EnumArray`] of length `N`.
pub trait ArrayIndex<const N: usize>: Copy {
    /// All variants in declaration order.
    const VARIANTS: [Self; N];

    /// The position of the variant in [`ArrayIndex::VARIANTS`].
    fn index(self) -> usize;
}

/// One `T` for each variant of the enum `E`, indexed by the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnumArray<E, T, const N: usize> {
    values: [T; N],
    index: PhantomData<E>,
}

impl<E: ArrayIndex<N>, T, const N: usize> EnumArray<E, T, N> {
    /// Calls `value` once for each variant, in declaration order.
    pub fn from_fn(value: impl FnMut(E) -> T) -> Self {
        Self { values: E::VARIANTS.map(value), index: PhantomData }
    }

    /// Returns each variant with its value, in declaration order.
    pub fn iter(&self) -> Zip<array::IntoIter<E, N>, slice::Iter<'_, T>> {
        E::VARIANTS.into_iter().zip(&self.values)
    }

    /// Returns each variant with its value, in declaration order.
    pub fn iter_mut(&mut self) -> Zip<array::IntoIter<E, N>, slice::IterMut<'_, T>> {
        E::VARIANTS.into_iter().zip(&mut self.values)
    }

    /// Returns the values in the declaration order of their variants.
    pub fn values(&self) -> slice::Iter<'_, T> {
        self.values.iter()
    }
}

impl<E: ArrayIndex<N>, T: Default, const N: usize> Default for EnumArray<E, T, N> {
    fn default() -> Self {
        Self::from_fn(|_| T::default())
    }
}

impl<E: ArrayIndex<N>, T, const N: usize> Index<E> for EnumArray<E, T, N> {
    type Output = T;

    fn index(&self, variant: E) -> &T {
        &self.values[variant.index()]
    }
}

impl<E: ArrayIndex<N>, T, const N: usize> IndexMut<E> for EnumArray<E, T, N> {
    fn index_mut(&mut self, variant: E) -> &mut T {
        &mut self.values[variant.index()]
    }
}

impl<E: ArrayIndex<N>, T, const N: usize> IntoIterator for EnumArray<E, T, N> {
    type Item = (E, T);
    type IntoIter = Zip<array::IntoIter<E, N>, array::IntoIter<T, N>>;

    fn into_iter(self) -> Self::IntoIter {
        E::VARIANTS.into_iter().zip(self.values)
    }
}

impl<'a, E: ArrayIndex<N>, T, const N: usize> IntoIterator for &'a EnumArray<E, T, N> {
    type Item = (E, &'a T);
    type IntoIter = Zip<array::IntoIter<E, N>, slice::Iter<'a, T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, E: ArrayIndex<N>, T, const N: usize> IntoIterator for &'a mut EnumArray<E, T, N> {
    type Item = (E, &'a mut T);
    type IntoIter = Zip<array::IntoIter<E, N>, slice::IterMut<'a, T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
