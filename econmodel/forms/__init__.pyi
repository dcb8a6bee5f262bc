from .form import Form as Form
